import type { Notification } from './notification.ts';
import { errnoOf, NotifyFailure } from './notify-failure.ts';

/**
 * Posts a notification as JSON. Redirects are not followed and the answer's body is not read. User and password of the
 * URL go as Basic credentials.
 *
 * @throws NotifyFailure; of the URL it names the origin only, because paths and queries of webhooks are secrets
 */
export async function postWebhook(
  address: string,
  notification: Notification,
  signal: AbortSignal,
): Promise<void> {
  const url = new URL(address);
  const { origin } = url;
  const credentials = [url.username, url.password].map(decodeURIComponent).join(':');
  url.username = '';
  url.password = '';
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'bot-bottle',
        ...(credentials === ':'
          ? {}
          : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
      },
      body: JSON.stringify(notification),
      signal,
    });
  } catch (error) {
    if (signal.aborted) return;
    throw new NotifyFailure(`notify.webhook ${origin} cannot be reached (${errnoOf(error)})`);
  }
  const { status, body } = response;
  await body?.cancel().catch(() => undefined);
  if (status >= 400) throw new NotifyFailure(`notify.webhook ${origin} answered ${status}`);
  if (status >= 300)
    throw new NotifyFailure(`notify.webhook ${origin} answered ${status}: redirects are not followed`);
}
