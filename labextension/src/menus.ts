import { Menu } from '@lumino/widgets';
import type { CommandRegistry } from '@lumino/commands';

import { hasEnded } from './activity';
import type { Artifact, Chat, DeletedChat, Project } from './api';
import { isBuilding } from './format';
import type { HubModel } from './model';
import { CommandIDs } from './tokens';
import { trans } from './translation';

/** Open a menu that is made for one use. Closed, it gives the focus back. */
export function openMenu(menu: Menu, x: number, y: number): void {
  const focused = document.activeElement;
  menu.aboutToClose.connect(() => {
    // The chosen command runs after the menu closed; until then the menu is needed.
    setTimeout(() => menu.dispose(), 0);
    if (focused instanceof HTMLElement && menu.node.contains(document.activeElement)) {
      focused.focus({ preventScroll: true });
    }
  });
  menu.open(x, y);
}

export function projectMenu(commands: CommandRegistry, model: HubModel, project: Project): Menu {
  const menu = begun(commands, model);
  const args = { project: project.id };
  const items = [CommandIDs.newChat, CommandIDs.newChatWithOptions, '', CommandIDs.openBuild];
  items.push(isBuilding(project.build) ? CommandIDs.cancelBuild : CommandIDs.buildProject);
  items.push(CommandIDs.projectSettings, '', CommandIDs.deleteProject);
  return filled(menu, items, args);
}

export function chatMenu(commands: CommandRegistry, model: HubModel, chat: Chat): Menu {
  const menu = begun(commands, model);
  const args = { chat: chat.id };
  if (model.isPending(chat.id)) {
    return filled(menu, [CommandIDs.retryChat, CommandIDs.dismissChat], args);
  }
  const ended = hasEnded(chat);
  filled(
    menu,
    [
      ...(chat.turn?.status === 'waiting' ? [CommandIDs.answerChat] : []),
      CommandIDs.openChat,
      ended ? CommandIDs.resumeChat : CommandIDs.stopChat,
      CommandIDs.renameChat,
      CommandIDs.limitChat
    ],
    args
  );
  const artifacts = model.artifactsOf(chat.id);
  if (artifacts.length > 0) {
    const submenu = new Menu({ commands });
    submenu.title.label = trans.__('Artifacts (%1)', artifacts.length);
    for (const artifact of artifacts) {
      submenu.addItem({
        command: CommandIDs.openArtifact,
        args: { artifact: artifact.id, label: artifact.name }
      });
    }
    filled(menu, ['', CommandIDs.openArtifacts], args);
    menu.addItem({ type: 'submenu', submenu });
  }
  return filled(menu, ['', CommandIDs.deleteChat], args);
}

/** What can be done with several chats at once. */
export function chatsMenu(
  commands: CommandRegistry,
  model: HubModel,
  chats: readonly string[]
): Menu {
  const menu = begun(commands, model);
  const items = [CommandIDs.resumeChats, CommandIDs.stopChats, '', CommandIDs.deleteChats];
  return filled(menu, items, { chats: [...chats] });
}

export function artifactMenu(commands: CommandRegistry, artifact: Artifact): Menu {
  return filled(
    new Menu({ commands }),
    [
      CommandIDs.openArtifact,
      CommandIDs.insertArtifact,
      CommandIDs.revealArtifact,
      CommandIDs.downloadArtifact,
      '',
      CommandIDs.copyArtifactPath,
      CommandIDs.copyArtifactLink,
      '',
      CommandIDs.deleteArtifact
    ],
    { artifact: artifact.id, version: String(artifact.version) }
  );
}

export function deletedMenu(commands: CommandRegistry, chat: DeletedChat): Menu {
  return filled(
    new Menu({ commands }),
    [CommandIDs.restoreChat, CommandIDs.downloadDeleted, '', CommandIDs.forgetChat],
    { deleted: chat.id }
  );
}

/** The menu beside New chat: the agents for the current project, other projects, options. */
export function newChatMenu(commands: CommandRegistry, model: HubModel): Menu {
  const menu = new Menu({ commands });
  menu.addClass('jp-AgentHub-newChatMenu');
  const current = model.currentProject;
  if (current) {
    menu.addItem({ command: CommandIDs.currentProject });
    for (const agent of model.status?.agents ?? []) {
      menu.addItem({
        command: CommandIDs.newChat,
        args: {
          project: current.id,
          agent: agent.name,
          label: agent.title,
          isDefault: agent.name === current.agent
        }
      });
    }
    const others = model.projects.filter(project => project.id !== current.id);
    if (others.length > 0) {
      const submenu = new Menu({ commands });
      submenu.title.label = trans.__('Other project');
      for (const project of others) {
        submenu.addItem({
          command: CommandIDs.newChat,
          args: { project: project.id, label: project.name }
        });
      }
      menu.addItem({ type: 'separator' });
      menu.addItem({ type: 'submenu', submenu });
    }
    menu.addItem({ type: 'separator' });
  }
  return filled(menu, [CommandIDs.newChatWithOptions], {});
}

/** A menu that begins with why some of what it offers cannot be done now. */
function begun(commands: CommandRegistry, model: HubModel): Menu {
  const menu = new Menu({ commands });
  if (model.outage) {
    menu.addItem({ command: CommandIDs.outage });
    menu.addItem({ type: 'separator' });
  }
  return menu;
}

/** Add commands to a menu; an empty name is a line between them. */
function filled(
  menu: Menu,
  items: readonly string[],
  args: Record<string, string | string[]>
): Menu {
  for (const command of items) {
    menu.addItem(command === '' ? { type: 'separator' } : { command, args });
  }
  return menu;
}
