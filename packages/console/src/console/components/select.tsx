/**
 * A labelled choice.
 *
 * @module
 */

import { useId } from 'preact/hooks';

/** One option. */
export interface Option<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

/** The properties of a choice. */
export interface SelectProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly Option<Value>[];
  readonly testId: string;
  readonly onChange: (value: Value) => void;
}

/** A labelled choice of one of several options. */
export function Select<Value extends string>({ label, value, options, testId, onChange }: SelectProps<Value>) {
  const id = useId();
  const choose = (chosen: string) => {
    const option = options.find((candidate) => candidate.value === chosen);
    if (option) onChange(option.value);
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} data-testid={testId} onChange={(event) => choose(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
