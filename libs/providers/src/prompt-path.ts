/** Where the system prompt is in a bottle: written always, passed on only when it is not empty. */
export function promptPath(guestHome: string): string {
  return `${guestHome}/.bot-bottle-prompt.txt`;
}
