/** Whether the person has a chat before their eyes: its tab, in a window that is not hidden. */
export function isInView(chat: string): boolean {
  const tab = document.getElementById(`agent-hub-chat-${chat}`);
  return document.visibilityState === 'visible' && (tab?.checkVisibility() ?? false);
}
