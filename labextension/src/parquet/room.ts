/** The most values that are held together. */
const VALUES = 2 ** 24;

/** The most bytes that are held together. */
const BYTES = 2 ** 26;

/**
 * Let no file take more room than this in the program that calls it, which reads files that may be made to do harm.
 *
 * The reader makes room for as many values as a page claims to have, and writes as many as a run of them claims. An array that
 * grows past what the browser has room for ends the whole page, also from within a worker, so here arrays have a
 * greatest length, and none that was made with a length grows.
 */
export function limitRoom(scope: typeof globalThis): void {
  const limited = <T extends new (...args: never[]) => object>(made: T, most = VALUES): T => {
    const proxy: T = new Proxy(made, {
      // Without `new` an array is made all the same; a minifier leaves it out.
      apply: (_, __, args: never[]) => new proxy(...args),
      construct: (target, args: unknown[], newTarget) => {
        const [length] = args;
        const isLength = args.length === 1 && typeof length === 'number';
        if (isLength && length > most) {
          throw new RangeError('More room is asked for than a file may take.');
        }
        const object = Reflect.construct(target, args, newTarget) as object;
        // One that begins with no values is made to be added to.
        return isLength && length > 0 && Array.isArray(object)
          ? Object.preventExtensions(object.fill(undefined))
          : object;
      }
    });
    (made.prototype as { constructor: unknown }).constructor = proxy;
    return proxy;
  };
  scope.Array = limited(scope.Array);
  scope.ArrayBuffer = limited(scope.ArrayBuffer, BYTES);
  scope.Uint8Array = limited(scope.Uint8Array, BYTES);
  scope.Int32Array = limited(scope.Int32Array);
  scope.Uint32Array = limited(scope.Uint32Array);
  scope.Float32Array = limited(scope.Float32Array);
  scope.Float64Array = limited(scope.Float64Array);
  scope.BigInt64Array = limited(scope.BigInt64Array);
  scope.BigUint64Array = limited(scope.BigUint64Array);
}
