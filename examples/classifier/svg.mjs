/** A picture of two-dimensional points over the regions that a classifier makes of the plane. */

const SIZE = 480
const MARGIN = 12

const number = (value) => String(Math.round(value * 10) / 10)

/**
 * `cells`: rows of { label, probability }, from the top; `points`: { x, y, label } within [−1, 1]; `colours`: label → CSS colour.
 * A cell is the more opaque the surer its label is.
 */
export function plot({ cells, points, colours, title }) {
  const place = (value) => number(MARGIN + ((value + 1) / 2) * SIZE)
  const dots = points.map(
    ({ x, y, label }) =>
      `<circle cx="${place(x)}" cy="${place(-y)}" r="4" fill="${colours.get(label)}" stroke="white"/>`,
  )
  const side = SIZE + 2 * MARGIN
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" role="img">`,
    `<title>${title}</title>`,
    '<rect width="100%" height="100%" fill="white"/>',
    '<g shape-rendering="crispEdges">',
    ...regions(cells, colours),
    '</g>',
    ...dots,
    '</svg>',
    '',
  ].join('\n')
}

/** Cells side by side that look alike are one rectangle, and all of one look one path. */
function regions(cells, colours) {
  const step = SIZE / cells.length
  const paths = new Map()
  const add = (look, row, begin, end) => {
    const rectangle = `M${number(MARGIN + begin * step)} ${number(MARGIN + row * step)}h${number((end - begin) * step)}v${number(step)}H${number(MARGIN + begin * step)}z`
    paths.set(look, (paths.get(look) ?? '') + rectangle)
  }
  cells.forEach((row, i) => {
    const looks = row.map(({ label, probability }) => {
      const sure = (probability - 1 / colours.size) / (1 - 1 / colours.size)
      return `fill="${colours.get(label)}" fill-opacity="${number(0.1 + 0.4 * sure)}"`
    })
    let begin = 0
    looks.forEach((look, j) => {
      if (look === looks[j + 1]) return
      add(look, i, begin, j + 1)
      begin = j + 1
    })
  })
  return Array.from(paths, ([look, d]) => `<path ${look} d="${d}"/>`)
}
