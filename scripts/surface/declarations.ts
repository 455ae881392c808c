/**
 * The vendors' declarations as the comparison reads them: in memory, so that classes and enums compare by shape.
 *
 * @module
 */

/** Drops `private` and `protected` members: with them, no other class is ever assignable. */
function dropHiddenMembers(text: string): string {
  return text.replace(/^[ \t]+(?:private|protected) (?:[^;{]|\{[^}]*\})*;[ \t]*$/gm, '');
}

/** Replaces enums of strings by unions of their values: a string is never assignable to an enum. */
function openStringEnums(text: string): string {
  return text.replace(
    /^(export )?declare (?:const )?enum (\w+) \{([^}]*)\}/gm,
    (whole, exported = '', name: string, body: string) => {
      const members = [...body.matchAll(/(\w+) = ("[^"]*")/g)].map(([, key = '', value = '']) => ({ key, value }));
      if (members.length === 0) return whole;
      const declare = `${exported}declare`;
      const properties = members.map(({ key, value }) => `readonly ${key}: ${value}`).join('; ');
      const types = members.map(({ key, value }) => `type ${key} = ${value};`).join(' ');
      return [
        `${declare} const ${name}: { ${properties} };`,
        `${exported}type ${name} = ${members.map(({ value }) => value).join(' | ')};`,
        `${declare} namespace ${name} { ${types} }`,
      ].join('\n');
    },
  );
}

/** Drops members of classes by name. */
function dropMembers(text: string, dropped: Readonly<Record<string, string>>): string {
  return Object.entries(dropped).reduce((before, [name, members]) => {
    const body = new RegExp(
      `^(?:export )?declare (?:abstract )?class ${name.replace('$', '\\$')}\\b[\\s\\S]*?^\\}$`,
      'm',
    );
    const member = new RegExp(
      `^[ \\t]+(?:readonly |get |set )?(?:${members.trim().replaceAll(/\s+/g, '|')})\\b.*;$`,
      'gm',
    );
    return before.replace(body, (found) => found.replace(member, ''));
  }, text);
}

/** Returns declarations with classes and enums that compare by shape, without the dropped members of classes. */
export function openDeclarations(text: string, dropped: Readonly<Record<string, string>> = {}): string {
  return openStringEnums(dropMembers(dropHiddenMembers(text), dropped));
}
