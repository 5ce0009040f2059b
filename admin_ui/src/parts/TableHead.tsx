interface TableHeadProps {
  /** The columns' titles by name, in order. */
  titles: Readonly<Record<string, string>>;
  /** Columns of numbers. */
  numbers?: ReadonlySet<string>;
}

/** The head of a table whose cells name their column by `data-title`. */
export function TableHead({ titles, numbers }: TableHeadProps) {
  return (
    <thead role="rowgroup">
      <tr role="row">
        {Object.entries(titles).map(([name, title]) => (
          <th key={name} role="columnheader" scope="col" className={numbers?.has(name) === true ? "number" : undefined}>
            {title}
          </th>
        ))}
      </tr>
    </thead>
  );
}
