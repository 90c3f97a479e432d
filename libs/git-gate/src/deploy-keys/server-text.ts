import { z } from 'zod';

// Not recursive: a hostile body may be nested as deeply as it is long.
const message = z.union([
  z.string(),
  z.record(z.string(), z.array(z.string())).transform((fields) =>
    Object.entries(fields)
      .map(([field, texts]) => `${field} ${texts.join(', ')}`)
      .join('; '),
  ),
]);
const errorBody = z.object({
  message: message.catch(''),
  error: message.catch(''),
  errors: z.array(z.object({ message: z.string() })).catch([]),
});

/**
 * What a forge says in the body of an error, as it is: show it through `shower`; '' when it is not JSON.
 * GitHub sends `{message, errors: [{message}]}`, Gitea `{message}`, GitLab `{message: text or {field: [text]}}` or
 * `{error}`.
 */
export function serverText(body: string): string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return '';
  }
  const parsed = errorBody.safeParse(value);
  if (!parsed.success) return '';
  const { message: text, error, errors } = parsed.data;
  return [text, error, ...errors.map((each) => each.message)].filter((part) => part !== '').join(': ');
}
