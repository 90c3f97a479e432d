/** Like `Promise.all`, but settles only when nothing is under way any more, so that an undo meets no late comer. */
export async function allOrFirstError<T extends readonly unknown[]>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  let first: { readonly error: unknown } | null = null;
  for (const each of work) {
    Promise.resolve(each).catch((error: unknown) => {
      first ??= { error };
    });
  }
  const settled = await Promise.allSettled(work);
  if (first !== null) throw (first as { readonly error: unknown }).error;
  void settled;
  return await Promise.all(work);
}
