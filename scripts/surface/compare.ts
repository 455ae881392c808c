/**
 * Compares the types of our call surfaces with the vendors' declarations, by TypeScript's own checker.
 *
 * A member is present if our type has it, and assignable if `const x: Vendor['member'] = ours.member` compiles, and each
 * argument that the vendor's method accepts is accepted by ours. (TypeScript alone compares the parameters of methods in
 * both directions.) An event is assignable if a handler of the vendor's type accepts the arguments of ours.
 *
 * @module
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { API, type Checker, SignatureKind, type Type } from 'typescript/unstable/sync';
import { root } from '../lib.ts';
import { openDeclarations } from './declarations.ts';
import type { Pair, Vendor } from './vendor.ts';

/** How a member of the vendor compares with ours. */
export type Verdict = 'assignable' | 'different' | 'absent';

/** A member or event of the vendor, compared. */
export interface ComparedMember {
  readonly title: string;
  readonly name: string;
  readonly verdict: Verdict;
  readonly vendorType: string;
  /** Empty if the member is absent. */
  readonly ourType: string;
}

/** A folder that exists in memory only. */
const FOLDER = join(root, 'scripts', 'surface', 'in-memory');

/** Compiler options of a strict application without Node's types. */
const CONFIG = {
  compilerOptions: {
    target: 'es2022',
    module: 'esnext',
    moduleResolution: 'bundler',
    lib: ['esnext', 'dom', 'dom.iterable', 'dom.asynciterable'],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
  },
};

const HELPERS = `
type Handlers<E> = { [K in keyof E]: E[K] extends unknown[] ? (...args: E[K]) => void : E[K] };
`;

/** Returns the source whose exported types are compared. */
function printModule({ declarations, imports = {}, ours, pairs }: Vendor): string {
  const from = (path: string): string => JSON.stringify(join(root, path).replace(/\.d\.ts$/, ''));
  return [
    `import type * as Vendor from ${from(declarations)};`,
    ...Object.entries(imports).map(([name, path]) => `import type * as ${name} from ${from(path)};`),
    `import type * as Ours from ${JSON.stringify(join(root, ours))};`,
    HELPERS,
    ...pairs.map(({ vendor, ours: own, kind }, index) =>
      kind === 'events'
        ? `export type V${index} = ${vendor};\nexport type O${index} = Handlers<${own}>;`
        : `export type V${index} = ${vendor};\nexport type O${index} = ${own};`,
    ),
  ].join('\n');
}

/** Returns whether each argument of the vendor's method is one for ours; true for what is no plain method. */
function acceptsArguments(checker: Checker, vendor: Type, own: Type): boolean {
  const [theirs, ...moreTheirs] = checker.getSignaturesOfType(vendor, SignatureKind.Call);
  const [ours, ...moreOurs] = checker.getSignaturesOfType(own, SignatureKind.Call);
  if (!theirs || !ours || moreTheirs.length > 0 || moreOurs.length > 0) return true;
  // A call with an argument more than a function declares does not compile.
  if (ours.getParameters().length < theirs.getParameters().length && !ours.hasRestParameter) return false;
  if (theirs.getTypeParameters().length > 0 || ours.getTypeParameters().length > 0) return true;
  return ours.getParameters().every((_, index) => {
    if (ours.hasRestParameter && index >= ours.getParameters().length - 1) return true;
    if (index >= theirs.getParameters().length) return true;
    const wanted = checker.getParameterType(ours, index);
    const given = checker.getParameterType(theirs, index);
    return !wanted || !given || acceptsArgument(checker, given, wanted);
  });
}

/** Returns whether an argument is accepted, or, of classes, its counterpart of ours. */
function acceptsArgument(checker: Checker, given: Type, wanted: Type): boolean {
  if (checker.isTypeAssignableTo(given, wanted)) return true;
  const alternatives = (type: Type): readonly Type[] => (type.isUnionType() ? (type.getTypes() ?? []) : [type]);
  return alternatives(given).every(
    (one) =>
      checker.isTypeAssignableTo(one, wanted) ||
      alternatives(wanted).some((other) => other.isClassOrInterface() && checker.isTypeAssignableTo(other, one)),
  );
}

function comparePair(checker: Checker, pair: Pair, vendor: Type, own: Type): ComparedMember[] {
  const { title, kind, omit = [] } = pair;
  const isMissing = own.isErrorType();
  return (
    checker
      .getPropertiesOfType(vendor)
      .filter(({ name }) => !omit.includes(name) && name !== 'prototype' && !name.startsWith('__@'))
      .map((symbol) => ({ name: symbol.name, vendorType: checker.getTypeOfSymbol(symbol) ?? checker.getAnyType() }))
      // What comes from a package that is not installed has no type to compare with.
      .filter(({ vendorType }) => !vendorType.isErrorType())
      .map(({ name, vendorType }): ComparedMember => {
        const counterpart = isMissing ? undefined : checker.getPropertyOfType(own, name);
        const ourType = counterpart && checker.getTypeOfSymbol(counterpart);
        const print = (type: Type | undefined): string => (type ? checker.typeToString(type) : '');
        const fits = (type: Type): boolean =>
          kind === 'events'
            ? checker.isTypeAssignableTo(vendorType, type)
            : checker.isTypeAssignableTo(type, vendorType) && acceptsArguments(checker, vendorType, type);
        const verdict = !ourType || ourType.isErrorType() ? 'absent' : fits(ourType) ? 'assignable' : 'different';
        return { title, name, verdict, vendorType: print(vendorType), ourType: print(ourType) };
      })
  );
}

/** Reads a declaration file of the vendor as the comparison sees it; undefined for other files. */
function readDeclarations(vendor: Vendor, path: string): string | undefined {
  if (!path.includes(`/node_modules/${vendor.packageName}/`) || !path.endsWith('.d.ts') || !existsSync(path))
    return undefined;
  const text = openDeclarations(readFileSync(path, 'utf8'), vendor.inner);
  const isMain = path === join(root, vendor.declarations);
  return isMain && vendor.reveal ? `${text}\nexport type { ${vendor.reveal.join(', ')} };\n` : text;
}

/**
 * Compares the surfaces of vendors; the result has a list of members for each, in the order of the declarations. Each vendor
 * is compared in a program of its own, as an application has one vendor: their declarations change the types of each other.
 *
 * @throws Error if a type expression of a pair does not compile on the vendor's side
 */
export function compareSurfaces(vendors: readonly Vendor[]): ComparedMember[][] {
  return vendors.map(compareSurface);
}

function compareSurface(vendor: Vendor): ComparedMember[] {
  const files = new Map<string, string>([
    [join(FOLDER, 'tsconfig.json'), JSON.stringify({ ...CONFIG, files: [`${vendor.id}.ts`] })],
    [join(FOLDER, `${vendor.id}.ts`), printModule(vendor)],
  ]);
  const api = new API({
    cwd: root,
    fs: {
      readFile: (path) => files.get(path) ?? readDeclarations(vendor, path),
      fileExists: (path) => (files.has(path) ? true : undefined),
      directoryExists: (path) => (path === FOLDER ? true : undefined),
    },
  });
  try {
    const project = api
      .updateSnapshot({ openProjects: [join(FOLDER, 'tsconfig.json')] })
      .getProject(join(FOLDER, 'tsconfig.json'));
    if (!project) throw new Error('the comparison of surfaces could not be loaded');
    const { checker, program } = project;
    const source = program.getSourceFile(join(FOLDER, `${vendor.id}.ts`));
    const module = source && checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`the types of ${vendor.id} could not be loaded`);
    const types = new Map(
      checker.getExportsOfModule(module).map((symbol) => [symbol.name, checker.getDeclaredTypeOfSymbol(symbol)]),
    );
    return vendor.pairs.flatMap((pair, index) => {
      const theirs = types.get(`V${index}`);
      const own = types.get(`O${index}`);
      if (!theirs || !own || theirs.isErrorType())
        throw new Error(`${vendor.id}: '${pair.vendor}' is not a type of the vendor`);
      return comparePair(checker, pair, theirs, own);
    });
  } finally {
    api.close();
  }
}
