/** Final bytes of control sequences that never make a terminal answer, print to a printer or touch its window. */
const harmlessFinals = new Set('@ABCDEFGHIJKLMPSTXZ`abdefghlmrsGj'.split(''));

/**
 * Whether a control sequence may reach the terminal.
 *
 * @param body everything after `ESC [`, the final byte included
 */
export function isHarmlessControlSequence(body: string): boolean {
  const match = /^([<=>?]?)([0-9:;]*)([ -/]*)([@-~])$/.exec(body);
  if (match === null) return false;
  const [, prefix = '', parameters = '', intermediates = '', final = ''] = match;
  switch (`${intermediates}${final}`) {
    case ' q': // shape of the cursor
    case '!p': // soft reset
    case '"q': // protection of characters
      return prefix === '';
    case 'u': // restore the cursor; push and pop of keyboard flags; ? asks for them
      return prefix !== '?';
    case 't': // only the stack of titles: the rest reports or moves the window
      return prefix === '' && /^2[23](?:;|$)/.test(parameters);
    case 'c': // who are you
    case 'n': // status and position of the cursor
    case 'i': // print
      return prefix === '>' && final === 'n';
    default:
      return intermediates === '' && harmlessFinals.has(final) && !isKeyQuery(prefix, final);
  }
}

/** `CSI ? … m` asks how keys are reported (XTQMODKEYS), `CSI ? … s` and `r` keep modes. */
const isKeyQuery = (prefix: string, final: string): boolean => prefix === '?' && final === 'm';

/**
 * Whether an operating system command may reach the terminal: titles, links, progress, and colours that are set. The
 * clipboard (52), files (1337), and whatever asks (`?`) may not.
 *
 * @param body everything between `ESC ]` and the terminator
 */
export function isHarmlessOscCommand(body: string): boolean {
  const [, number = '', rest = ''] = /^(\d{1,4})(?:;([\s\S]*))?$/.exec(body) ?? [];
  switch (number) {
    case '0':
    case '1':
    case '2':
      return rest.length <= 512;
    case '8':
      return /^[^;]*;(?:https?:\/\/[!-~]*)?$/.test(rest);
    case '9':
      return /^4(?:;\d{1,3}){0,2}$/.test(rest);
    case '4':
    case '10':
    case '11':
    case '12':
      return /^[0-9a-zA-Z#:/;]*$/.test(rest);
    case '104':
    case '110':
    case '111':
    case '112':
      return /^[0-9;]*$/.test(rest);
    default:
      return false;
  }
}
