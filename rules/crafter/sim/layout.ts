/** Where things are in a frame: the part of the world around the player above, the inventory below, black around. */

/** How many cells a frame shows, columns and rows, the rows of the inventory included. */
export type View = readonly [number, number];
/** Pixels, width and height. */
export type Size = readonly [number, number];

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Pixels of a cell. */
  readonly unitX: number;
  readonly unitY: number;
  /** Cells of the world that are shown. */
  readonly columns: number;
  readonly rows: number;
  /** Rows of the inventory. */
  readonly itemRows: number;
  /** The left top corner of the world's part. */
  readonly left: number;
  readonly top: number;
}

/** How many rows the inventory takes in a view of so many columns. */
const itemRowsOf = (columns: number, items: number): number => Math.ceil(items / columns);

/** @throws RangeError when the view has no room for the world, or the cells are smaller than two pixels. */
export function layoutOf([columns, allRows]: View, [width, height]: Size, items: number): Layout {
  for (const value of [columns, allRows, width, height])
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`not a whole number above 0: ${value}`);
  const itemRows = itemRowsOf(columns, items);
  if (allRows <= itemRows)
    throw new RangeError(
      `a view of ${columns}x${allRows} cells has no room for the world: its inventory takes ${itemRows} rows`,
    );
  const unitX = Math.floor(width / columns);
  const unitY = Math.floor(height / allRows);
  if (unitX < 2 || unitY < 2)
    throw new RangeError(
      `a frame of ${width}x${height} pixels is too small for ${columns}x${allRows} cells: a cell needs 2x2 pixels`,
    );
  return {
    width,
    height,
    unitX,
    unitY,
    columns,
    rows: allRows - itemRows,
    itemRows,
    left: Math.floor((width - columns * unitX) / 2),
    top: Math.floor((height - allRows * unitY) / 2),
  };
}

/** How many words of the generator a night frame takes: two a pixel of the world's part. */
export const nightWords = (layout: Layout): number => 2 * layout.columns * layout.unitX * layout.rows * layout.unitY;
