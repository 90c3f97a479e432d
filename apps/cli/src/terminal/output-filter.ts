import { isHarmlessControlSequence, isHarmlessOscCommand } from './sequence-rules.ts';

type State =
  | 'ground'
  | 'escape'
  | 'intermediate'
  | 'csi'
  | 'osc'
  | 'osc-escape'
  | 'dropped'
  | 'dropped-escape';

const esc = 0x1b;
const bell = 0x07;
const cancel = new Set([0x18, 0x1a]);
/** BEL BS HT LF VT FF CR SO SI; the others do nothing useful, and ENQ makes a terminal answer. */
const passed = new Set([0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f]);
/** DCS, SOS, PM, APC, and the title of GNU screen: strings that run to ST. */
const strings = new Set([0x50, 0x58, 0x5e, 0x5f, 0x6b]);
const maxControlSequence = 256;
const maxOsc = 8 * 1024;

/**
 * Removes from a program's output what can act on the operator's machine through the terminal: clipboard (OSC 52),
 * DCS, APC, PM and SOS strings, everything that makes the terminal type an answer, and 8-bit controls. Works on a
 * stream cut anywhere; colours, cursor movement, titles and links pass. Follows the parser of ECMA-48 as terminals
 * implement it (vt100.net/emu/dec_ansi_parser).
 */
export class OutputFilter {
  #state: State = 'ground';
  #sequence: number[] = [];
  /** bytes of a UTF-8 character that are still to come */
  #continuation = 0;
  #character: number[] = [];

  /** The part of the output that may reach the terminal now. */
  push(chunk: Uint8Array): Buffer {
    const out: number[] = [];
    for (const byte of chunk) this.#byte(byte, out);
    return Buffer.from(out);
  }

  #byte(byte: number, out: number[]): void {
    if (cancel.has(byte)) {
      this.#reset();
      return;
    }
    switch (this.#state) {
      case 'ground':
        this.#ground(byte, out);
        return;
      case 'escape':
        this.#escape(byte, out);
        return;
      case 'intermediate':
        this.#intermediate(byte, out);
        return;
      case 'csi':
        this.#csi(byte, out);
        return;
      case 'osc':
        this.#osc(byte, out);
        return;
      case 'dropped':
        if (byte === esc) this.#state = 'dropped-escape';
        return;
      case 'osc-escape':
      case 'dropped-escape':
        // ESC \ ends a string; any other ESC ends it too, and starts something new.
        if (byte === 0x5c) {
          if (this.#state === 'osc-escape') this.#finishOsc([esc, 0x5c], out);
          this.#reset();
        } else {
          this.#reset();
          this.#state = 'escape';
          this.#escape(byte, out);
        }
        return;
    }
  }

  #ground(byte: number, out: number[]): void {
    if (this.#continuation > 0 && byte >= 0x80 && byte <= 0xbf) {
      this.#character.push(byte);
      this.#continuation -= 1;
      if (this.#continuation === 0) this.#finishCharacter(out);
      return;
    }
    this.#continuation = 0;
    this.#character = [];
    if (byte === esc) this.#state = 'escape';
    else if (byte >= 0xc2 && byte <= 0xf4) {
      this.#character = [byte];
      this.#continuation = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    } else if ((byte >= 0x20 && byte < 0x7f) || passed.has(byte)) out.push(byte);
    // A lone byte from 0x80 on is a control to terminals in 8-bit mode, and no text to any.
  }

  #finishCharacter(out: number[]): void {
    const [first = 0, second = 0] = this.#character;
    // U+0080 to U+009F are the 8-bit controls in UTF-8.
    if (!(first === 0xc2 && second < 0xa0)) for (const byte of this.#character) out.push(byte);
    this.#character = [];
  }

  #escape(byte: number, out: number[]): void {
    this.#sequence = [esc, byte];
    if (byte === esc) return;
    if (byte === 0x5b) this.#state = 'csi';
    else if (byte === 0x5d) this.#state = 'osc';
    else if (strings.has(byte)) this.#state = 'dropped';
    else if (byte >= 0x20 && byte <= 0x2f) this.#state = 'intermediate';
    else {
      // ESC Z asks who the terminal is.
      if (byte >= 0x30 && byte < 0x7f && byte !== 0x5a && byte !== 0x5c) this.#emit(out);
      this.#reset();
      if (byte < 0x20 || byte >= 0x80) this.#ground(byte, out);
    }
  }

  #intermediate(byte: number, out: number[]): void {
    this.#sequence.push(byte);
    if (byte >= 0x20 && byte <= 0x2f && this.#sequence.length < 8) return;
    if (byte === esc) {
      this.#reset();
      this.#state = 'escape';
      return;
    }
    if (byte >= 0x30 && byte < 0x7f) this.#emit(out);
    this.#reset();
  }

  #csi(byte: number, out: number[]): void {
    if (byte === esc) {
      this.#reset();
      this.#state = 'escape';
      return;
    }
    // Terminals carry out a control in the middle of a sequence and go on with the sequence.
    if (byte < 0x20) {
      if (passed.has(byte)) out.push(byte);
      return;
    }
    if (byte >= 0x7f) {
      this.#reset();
      this.#ground(byte, out);
      return;
    }
    if (this.#sequence.length < maxControlSequence) this.#sequence.push(byte);
    if (byte < 0x40) return;
    const isWhole = this.#sequence.length < maxControlSequence;
    if (isWhole && isHarmlessControlSequence(text(this.#sequence.slice(2)))) this.#emit(out);
    this.#reset();
  }

  #osc(byte: number, out: number[]): void {
    if (byte === bell) {
      this.#finishOsc([bell], out);
      this.#reset();
    } else if (byte === esc) {
      this.#state = 'osc-escape';
    } else if (byte >= 0x20 && byte !== 0x7f && this.#sequence.length < maxOsc) {
      this.#sequence.push(byte);
    }
  }

  #finishOsc(terminator: readonly number[], out: number[]): void {
    if (this.#sequence.length >= maxOsc) return;
    const body = Buffer.from(this.#sequence.slice(2)).toString('utf8');
    // 8-bit controls, also in UTF-8, end a string for some terminals.
    if (/[\u0080-\u009f\ufffd]/.test(body) || !isHarmlessOscCommand(body)) return;
    this.#emit(out);
    out.push(...terminator);
  }

  #emit(out: number[]): void {
    for (const byte of this.#sequence) out.push(byte);
  }

  #reset(): void {
    this.#state = 'ground';
    this.#sequence = [];
    this.#continuation = 0;
    this.#character = [];
  }
}

const text = (bytes: readonly number[]): string => String.fromCharCode(...bytes);
