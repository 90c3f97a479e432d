/**
 * Whether the forge says that no page follows; false when it says nothing, so the next page is asked for.
 *
 * - GitHub, GitLab: `Link` without `rel="next"`, https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
 * - GitLab: empty `X-Next-Page`, https://docs.gitlab.com/api/rest/#pagination
 * - Gitea: `X-Total-Count`, https://docs.gitea.com/development/api-usage#pagination
 *
 * @param seen how many items all pages so far had
 */
export function isLastPage(headers: Headers, seen: number): boolean {
  const link = headers.get('link');
  if (link !== null) return !/;\s*rel="?next"?/i.test(link);
  if (headers.get('x-next-page') === '') return true;
  const total = headers.get('x-total-count');
  return total !== null && /^\d+$/.test(total) && seen >= Number(total);
}
