/**
 * A stand-in for the JSR package `@std/assert`, for networks that do not reach JSR: the same names and
 * argument order, on Node's own `assert`. Delete the `links` in the root deno.json to use the published one.
 */
import { AssertionError, deepStrictEqual, notDeepStrictEqual } from "node:assert";

export { AssertionError };
// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** Fails unless `value` is truthy. */
export function assert(value: unknown, message = "Expected a truthy value"): asserts value {
  if (!value) throw new AssertionError({ message });
}

/** Fails unless both are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  deepStrictEqual(actual, expected, message!);
}

/** Fails if both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  notDeepStrictEqual(actual, expected, message!);
}

/** Fails unless the two numbers are within `tolerance` of each other. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance = Math.abs(expected) * 1e-7,
  message = `Expected ${actual} to be within ${tolerance} of ${expected}`,
): void {
  assert(Object.is(actual, expected) || Math.abs(actual - expected) <= tolerance, message);
}

/** Fails if the value is null or undefined. */
export function assertExists<T>(
  actual: T,
  message = `Expected a value, got ${actual}`,
): asserts actual is NonNullable<T> {
  assert(actual !== undefined && actual !== null, message);
}

/** Fails unless `actual > expected`. */
export function assertGreater<T>(
  actual: T,
  expected: T,
  message = `Expected ${actual} > ${expected}`,
): void {
  assert(actual > expected, message);
}

/** Fails unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  message = `Expected ${actual} >= ${expected}`,
): void {
  assert(actual >= expected, message);
}

/** Fails unless `actual < expected`. */
export function assertLess<T>(
  actual: T,
  expected: T,
  message = `Expected ${actual} < ${expected}`,
): void {
  assert(actual < expected, message);
}

/** Fails unless `actual <= expected`. */
export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  message = `Expected ${actual} <= ${expected}`,
): void {
  assert(actual <= expected, message);
}

/** Fails unless `actual` contains `expected`. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  message = `Expected ${JSON.stringify(actual)} to contain ${JSON.stringify(expected)}`,
): void {
  assert(actual.includes(expected), message);
}

/** Fails unless `actual` matches `expected`. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  message = `Expected ${JSON.stringify(actual)} to match ${expected}`,
): void {
  assert(expected.test(actual), message);
}

function checkError<E extends Error>(
  error: unknown,
  errorClass?: ErrorClass<E>,
  includes?: string,
): E {
  assert(error instanceof (errorClass ?? Error), `Expected ${errorClass?.name}, got ${error}`);
  if (includes !== undefined) assertStringIncludes((error as Error).message, includes);
  return error as E;
}

/** Fails unless `fn` throws an error of that class whose message includes that text; returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass?: ErrorClass<E>,
  includes?: string,
): E {
  try {
    fn();
  } catch (error) {
    return checkError(error, errorClass, includes);
  }
  throw new AssertionError({ message: "Expected function to throw" });
}

/** Fails unless `fn` rejects with an error of that class whose message includes that text; resolves to it. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass?: ErrorClass<E>,
  includes?: string,
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return checkError(error, errorClass, includes);
  }
  throw new AssertionError({ message: "Expected function to reject" });
}
