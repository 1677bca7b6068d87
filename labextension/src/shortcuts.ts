import { CommandRegistry } from '@lumino/commands';

import { COMMANDS } from './tokens';

/**
 * Let the hub's own shortcuts work where a terminal has the focus, which else takes every key with Ctrl or Alt.
 *
 * What they are is Lab's to say, so that a person can change them.
 */
export function claimShortcuts(node: HTMLElement, commands: CommandRegistry): void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.getModifierState('AltGraph')) {
      // On some systems AltGr reads as Ctrl and Alt, and it types a letter.
      return;
    }
    const keystroke = CommandRegistry.keystrokeForKeydownEvent(event);
    const binding = commands.keyBindings.find(
      ({ command, keys }) =>
        command.startsWith(COMMANDS) && keys.length === 1 && keys[0] === keystroke
    );
    if (binding && commands.isEnabled(binding.command, binding.args)) {
      event.preventDefault();
      event.stopPropagation();
      void commands.execute(binding.command, binding.args);
    }
  };
  node.addEventListener('keydown', onKeyDown, true);
}
