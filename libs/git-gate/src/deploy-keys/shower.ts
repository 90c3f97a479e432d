import { visibleLine } from '@bot-bottle/audit';

/** Makes text of a server fit to be shown, on one line. */
export type Show = (text: string) => string;

/**
 * Shows text of a server without the token, which a hostile or careless one may quote from the request, in whatever
 * case and in the usual encodings.
 */
export function shower(token: string): Show {
  const bytes = Buffer.from(token);
  const forms = [
    token,
    encodeURIComponent(token),
    ...(['base64', 'base64url', 'hex'] as const).map((to) => bytes.toString(to)),
  ];
  const literal = (form: string): string =>
    form.replaceAll(
      /[^A-Za-z0-9]/g,
      (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );
  const quoted = new RegExp(forms.map(literal).join('|'), 'gi');
  return (text) => visibleLine(text.replaceAll(quoted, '***'), 300);
}
