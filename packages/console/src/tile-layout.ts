/**
 * The layout of 16:9 tiles on a stage.
 *
 * @module
 */

/** The aspect ratio of a tile. */
export const TILE_RATIO = 16 / 9;
/** The minimum width of a tile, in CSS pixels, unless the stage is narrower. If the tiles do not fit, the stage scrolls. */
const MIN_TILE_PX = 160;

/**
 * Returns the largest tile width, in whole CSS pixels, at which all tiles fit without scrolling.
 * Returns 0 if the stage has no size yet.
 */
export function findTileWidth(count: number, stageWidth: number, stageHeight: number, gap: number): number {
  if (count < 1 || stageWidth <= 0) return 0;
  let best = 0;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const byWidth = (stageWidth - gap * (columns - 1)) / columns;
    const byHeight = ((stageHeight - gap * (rows - 1)) / rows) * TILE_RATIO;
    best = Math.max(best, Math.min(byWidth, byHeight));
  }
  return Math.floor(Math.max(best, Math.min(MIN_TILE_PX, stageWidth)));
}
