/** Work on many things, some of it ahead of the one that is asked for. */

/**
 * Maps items in order while the work on up to `ahead` items is under way: photos are decoded while earlier
 * ones are classified. Takes an item only when there is room for it, so memory does not grow with their
 * number.
 *
 * @param ahead A positive integer.
 * @throws what `work` throws, when it is that item's turn; then no further item is begun
 * @example
 * ```ts
 * import { mapAhead } from "./concurrency.ts";
 *
 * const squares = mapAhead([1, 2, 3], (x) => Promise.resolve(x * x), { ahead: 2 });
 * console.log(await Array.fromAsync(squares)); // [1, 4, 9]
 * ```
 */
export async function* mapAhead<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  work: (item: T) => Promise<R>,
  { ahead }: { ahead: number },
): AsyncGenerator<R> {
  if (!Number.isInteger(ahead) || ahead < 1) {
    throw new RangeError(`mapAhead() needs ahead of 1 or more, got ${ahead}`);
  }
  const underWay: Promise<R>[] = [];
  for await (const item of items) {
    const result = work(item);
    result.catch(() => {}); // is thrown when it is its turn, not before
    underWay.push(result);
    if (underWay.length >= ahead) yield await underWay.shift()!;
  }
  while (underWay.length > 0) yield await underWay.shift()!;
}
