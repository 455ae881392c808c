/**
 * The filters above a list, which are part of the view's address.
 *
 * @module
 */

import { useEffect, useId, useState } from 'preact/hooks';
import type { Filters, Section } from '../routes.ts';
import { goTo } from '../use-route.ts';

/** How long typing has to pause before the list is searched, in milliseconds. */
const TYPING_PAUSE_MS = 250;

/** A filter with a text. */
export interface TextFilter {
  readonly name: string;
  readonly label: string;
  readonly type: 'text' | 'datetime-local';
}

/** A filter with a choice. */
export interface ChoiceFilter {
  readonly name: string;
  readonly label: string;
  readonly type: 'choice';
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  /** The label of the choice without a filter; without it, one of the choices always applies. */
  readonly all?: string;
}

/** The properties of the filters. */
export interface FilterBarProps {
  readonly view: Section;
  readonly values: Filters;
  readonly filters: readonly (TextFilter | ChoiceFilter)[];
}

/** The filters above a list. A change is a new address, and begins at the first page. */
export function FilterBar({ view, values, filters }: FilterBarProps) {
  const change = (name: string, value: string) => {
    const { cursor: _cursor, ...others } = values;
    goTo({ view, filters: { ...others, [name]: value } }, true);
  };
  return (
    <search class="filters" aria-label="Filters">
      {filters.map((filter) => (
        <FilterField
          key={filter.name}
          filter={filter}
          value={values[filter.name] ?? ''}
          onChange={(value) => change(filter.name, value)}
        />
      ))}
    </search>
  );
}

function FilterField(props: { filter: TextFilter | ChoiceFilter; value: string; onChange: (value: string) => void }) {
  const { filter, value, onChange } = props;
  const id = useId();
  return (
    <div class={filter.type === 'text' ? 'field grow' : 'field'}>
      <label for={id}>{filter.label}</label>
      {filter.type === 'choice' ? (
        <select
          id={id}
          value={value}
          data-testid={`filter-${filter.name}`}
          onChange={(event) => onChange(event.currentTarget.value)}
        >
          {filter.all !== undefined && <option value="">{filter.all}</option>}
          {filter.choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.label}
            </option>
          ))}
        </select>
      ) : (
        <TypedInput id={id} filter={filter} value={value} onChange={onChange} />
      )}
    </div>
  );
}

/** A text field that reports its value when typing pauses. */
function TypedInput(props: { id: string; filter: TextFilter; value: string; onChange: (value: string) => void }) {
  const { id, filter, value, onChange } = props;
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => onChange(text), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const common = { id, value: text, autocomplete: 'off', 'data-testid': `filter-${filter.name}` } as const;
  const handleInput = (event: { readonly currentTarget: HTMLInputElement }) => setText(event.currentTarget.value);
  if (filter.type === 'datetime-local') return <input {...common} type="datetime-local" onInput={handleInput} />;
  return <input {...common} type="text" autocapitalize="none" spellcheck={false} onInput={handleInput} />;
}
