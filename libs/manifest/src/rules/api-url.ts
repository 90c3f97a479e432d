import { type Finding, finding } from './finding.ts';

/** What is wrong with the URL of a forge's API. Plain http would show the forge token to the network. */
export function checkApiUrl(text: string): Finding | null {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return finding('must be an https URL', 'for example https://git.example.com/api/v1');
  }
  if (url.username !== '' || url.password !== '') {
    return finding('the URL must not hold credentials', 'the token comes from `token_ref`');
  }
  if (url.search !== '' || url.hash !== '') return finding('the URL must not have a query or a fragment');
  const loopback = url.hostname === '127.0.0.1' || url.hostname === '[::1]' || url.hostname === 'localhost';
  if (url.protocol === 'http:' && !loopback)
    return finding('must be an https URL', 'http is accepted for loopback only');
  return null;
}
