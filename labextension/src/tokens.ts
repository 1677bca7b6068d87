import { Token } from '@lumino/coreutils';

import type { ChatNews } from './chatnews';
import type { IGalleryContext } from './components/ArtifactGallery';
import type { HubModel } from './model';
import type { HubSettings } from './settings';

/** The hub as other extensions see it. */
export interface IAgentHub {
  readonly model: HubModel;
  /** What the person has not seen of it. */
  readonly news: ChatNews;
  readonly settings: HubSettings;
}

export const IAgentHub = new Token<IAgentHub>(
  'agent-hub-labextension:IAgentHub',
  'The projects, chats and artifacts of Agent Hub.'
);

export const IArtifactGallery = new Token<IGalleryContext>(
  'agent-hub-labextension:IArtifactGallery',
  'What galleries of published files are drawn with.'
);

export const PLUGIN = 'agent-hub-labextension';

/** What the id of every command of ours begins with. */
export const COMMANDS = 'agent-hub:';

export namespace CommandIDs {
  export const showPanel = 'agent-hub:show-panel';
  export const filter = 'agent-hub:filter';
  export const checkEngine = 'agent-hub:check-engine';
  export const outage = 'agent-hub:outage';
  export const openConnections = 'agent-hub:open-connections';
  export const checkConnections = 'agent-hub:check-connections';
  export const disconnectOpenAI = 'agent-hub:disconnect-openai';
  export const signOut = 'agent-hub:sign-out';
  export const disconnectGitHub = 'agent-hub:disconnect-github';
  export const addProject = 'agent-hub:add-project';
  export const useFolder = 'agent-hub:use-folder';
  export const projectSettings = 'agent-hub:project-settings';
  export const buildProject = 'agent-hub:build-project';
  export const cancelBuild = 'agent-hub:cancel-build';
  export const openBuild = 'agent-hub:open-build';
  export const deleteProject = 'agent-hub:delete-project';
  export const currentProject = 'agent-hub:current-project';
  export const newChat = 'agent-hub:new-chat';
  export const newChatWithOptions = 'agent-hub:new-chat-with-options';
  export const openChat = 'agent-hub:open-chat';
  export const answerChat = 'agent-hub:answer-chat';
  export const nextWaiting = 'agent-hub:next-waiting';
  export const stopChat = 'agent-hub:stop-chat';
  export const resumeChat = 'agent-hub:resume-chat';
  export const renameChat = 'agent-hub:rename-chat';
  export const limitChat = 'agent-hub:limit-chat';
  export const deleteChat = 'agent-hub:delete-chat';
  export const retryChat = 'agent-hub:retry-chat';
  export const dismissChat = 'agent-hub:dismiss-chat';
  export const stopChats = 'agent-hub:stop-chats';
  export const resumeChats = 'agent-hub:resume-chats';
  export const deleteChats = 'agent-hub:delete-chats';
  export const searchTerminal = 'agent-hub:search-terminal';
  export const restoreChat = 'agent-hub:restore-chat';
  export const downloadDeleted = 'agent-hub:download-deleted';
  export const forgetChat = 'agent-hub:forget-chat';
  export const openArtifact = 'agent-hub:open-artifact';
  export const revealArtifact = 'agent-hub:reveal-artifact';
  export const downloadArtifact = 'agent-hub:download-artifact';
  export const openArtifacts = 'agent-hub:open-artifacts';
  export const insertArtifact = 'agent-hub:insert-artifact';
  export const copyArtifactPath = 'agent-hub:copy-artifact-path';
  export const copyArtifactLink = 'agent-hub:copy-artifact-link';
  export const deleteArtifact = 'agent-hub:delete-artifact';
  export const downloadArtifacts = 'agent-hub:download-artifacts';
}
