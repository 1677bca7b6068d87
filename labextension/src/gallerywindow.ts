/** How a gallery lays its files out. */
export interface IGridShape {
  columns: number;
  /** The height of a file, in pixels. */
  height: number;
  /** What is between two rows, in pixels. */
  gap: number;
}

/** Rows of a group, from the first to before the last. */
export type Rows = readonly [first: number, end: number];

/** The heights of what is around files, in pixels, as the style sheet has them. */
const HEADING = 36;
const PADDING = 16;

/** Rows of files that are as far as this from what is in view are drawn as well, in pixels. */
const BEYOND = 600;

/** How many rows so many files take. */
export function rowsOf(count: number, { columns }: IGridShape): number {
  return Math.ceil(count / columns);
}

/**
 * The rows of each group that are drawn: those in view, and some around them.
 *
 * @param counts - The number of files of each group; none of one that is folded.
 * @param from - Where what is in view begins, in pixels from the first group.
 * @param to - Where it ends.
 */
export function rowsInView(
  counts: readonly number[],
  shape: IGridShape,
  from: number,
  to: number
): Rows[] {
  const pitch = shape.height + shape.gap;
  let top = 0;
  return counts.map(count => {
    const rows = rowsOf(count, shape);
    const start = top + HEADING;
    top = start + (rows > 0 ? PADDING + rows * pitch - shape.gap : 0);
    const within = (row: number) => Math.min(rows, Math.max(0, row));
    return [
      within(Math.floor((from - BEYOND - start) / pitch)),
      within(Math.ceil((to + BEYOND - start) / pitch))
    ];
  });
}

/**
 * The file that a key leads to from another one; undefined where there is none, or the key is no such.
 *
 * @param at - The place of the file among those of all groups, in their order.
 */
export function neighbour(
  key: string,
  at: number,
  counts: readonly number[],
  { columns }: IGridShape
): number | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const within = (index: number) => (index >= 0 && index < all ? index : undefined);
  switch (key) {
    case 'ArrowRight':
      return within(at + 1);
    case 'ArrowLeft':
      return within(at - 1);
    case 'Home':
      return within(0);
    case 'End':
      return within(all - 1);
    case 'ArrowDown':
    case 'ArrowUp':
      break;
    default:
      return undefined;
  }
  let start = 0;
  const rows = counts.flatMap(count => {
    const first = start;
    start += count;
    return Array.from({ length: Math.ceil(count / columns) }, (_, row) => ({
      first: first + row * columns,
      length: Math.min(columns, count - row * columns)
    }));
  });
  const row = rows.findIndex(({ first, length }) => at < first + length);
  const next = rows[row + (key === 'ArrowDown' ? 1 : -1)];
  return next && next.first + Math.min(at - rows[row]!.first, next.length - 1);
}
