/**
 * Brings a terminal back to how shells expect it, whatever a program left on: attributes off, cursor shown, mouse,
 * focus and paste reports off, keypad and cursor keys normal, main screen, extended key reports off.
 */
export const restoreSequence = [
  '\u001b[0m',
  '\u001b[?25h',
  '\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1005l\u001b[?1006l\u001b[?1015l',
  '\u001b[?1004l\u001b[?2004l\u001b[?2026l',
  '\u001b[?1l\u001b>',
  '\u001b[?1049l',
  '\u001b[>4m\u001b[<u',
  '\u001b(B\u000f',
].join('');
