// Duktape's typed arrays cannot sort themselves; ECharts asks them to where bars stand on a value
// axis.

interface Sortable {
  [index: number]: number;
  length: number;
}

function ascending(a: number, b: number): number {
  return a - b;
}

function sort(this: Sortable, compare?: (a: number, b: number) => number): Sortable {
  const values: number[] = [];
  for (let i = 0; i < this.length; ++i) values.push(this[i]);
  values.sort(compare || ascending);
  for (let i = 0; i < values.length; ++i) this[i] = values[i];
  return this;
}

for (const type of [Float64Array, Float32Array, Uint32Array, Int32Array]) {
  const prototype = type.prototype as unknown as { sort?: typeof sort };
  if (prototype.sort === undefined) prototype.sort = sort;
}

export {};
