import { useEffect, useState } from 'react';

import { HubError } from '../api';

/** What was asked for, once it is there, or why it is not. */
export interface ILoaded<T> {
  value?: T;
  error?: HubError;
}

/** Ask for something, and again whenever `key` changes; null asks for nothing. */
export function useLoaded<T>(key: string | null, load: () => Promise<T>): ILoaded<T> {
  const [loaded, setLoaded] = useState<ILoaded<T> & { key: string | null }>({ key: null });
  useEffect(() => {
    let isWanted = key !== null;
    if (isWanted) {
      load()
        .then(value => isWanted && setLoaded({ key, value }))
        .catch(reason => isWanted && setLoaded({ key, error: HubError.from(reason) }));
    }
    return () => {
      isWanted = false;
    };
    // Another `load` of the same key gives the same.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key]);
  return loaded.key === key ? loaded : {};
}

/** An address of bytes that the page holds, for as long as it is shown. */
export function useAddress(blob: Blob | undefined, type: string): string | undefined {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    if (!blob) {
      return undefined;
    }
    // Of a type that we name: bytes of an agent's that a browser took for a page would be one of the server's origin.
    const made = URL.createObjectURL(new Blob([blob], { type }));
    setAddress(made);
    return () => {
      URL.revokeObjectURL(made);
      setAddress(undefined);
    };
  }, [blob, type]);
  return address;
}
