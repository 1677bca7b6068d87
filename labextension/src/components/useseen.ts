import { useEffect, useRef, useState, type RefObject } from 'react';

/** How long an element has to be near to be seen, in milliseconds: what is only scrolled by is not. */
const STAY = 100;

/** Whether an element has come into view, or near to it; what nobody has looked at costs nothing. */
export function useSeen<T extends Element>(): [RefObject<T>, boolean] {
  const node = useRef<T>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const observer = new IntersectionObserver(
      entries => {
        clearTimeout(timer);
        if (entries.at(-1)?.isIntersecting) {
          timer = setTimeout(() => setSeen(true), STAY);
        }
      },
      { rootMargin: '200px' }
    );
    observer.observe(node.current!);
    return () => {
      clearTimeout(timer);
      observer.disconnect();
    };
  }, []);
  return [node, isSeen];
}
