/** A notification that did not get through. Its message is ours: nothing of the command or the URL that may be secret. */
export class NotifyFailure extends Error {
  override readonly name = 'NotifyFailure';
}

/** The errno name of a failure, or of its cause. */
export function errnoOf(error: unknown): string {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    const code: unknown = Reflect.get(each, 'code');
    if (typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code)) return code;
  }
  return 'unknown failure';
}
