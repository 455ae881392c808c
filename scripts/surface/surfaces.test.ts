import { describe, expect, it } from 'vitest';
import type { ComparedMember, Verdict } from './compare.ts';
import { openDeclarations } from './declarations.ts';
import { addNotes, countMembers, findNoteProblems } from './surfaces.ts';
import type { Note, Vendor } from './vendor.ts';

function createVendor(notes: readonly Note[]): Vendor {
  return {
    id: 'acme',
    name: 'Acme',
    packageName: 'acme',
    declarations: 'acme.d.ts',
    ours: 'index.ts',
    pairs: [{ title: 'Room', kind: 'members', vendor: 'Vendor.Room', ours: 'Ours.Room' }],
    notes,
    floor: { present: 0, assignable: 0 },
  };
}

function createMember(name: string, verdict: Verdict): ComparedMember {
  return { title: 'Room', name, verdict, vendorType: '() => void', ourType: '' };
}

describe('declarations', () => {
  it('lose hidden members, on one line or several', () => {
    const text =
      'declare class A {\n    private b;\n    protected c({ d, }: {\n        d: string;\n    }): void;\n    e(): void;\n}\n';
    expect(openDeclarations(text).replace(/\s+/g, ' ')).toBe('declare class A { e(): void; } ');
  });

  it('lose members of classes that are inner workings', () => {
    const text =
      'declare class A<T extends {\n    id: string;\n} & B> {\n    get c(): C;\n    d(): void;\n}\ndeclare class E {\n    c: C;\n}\n';
    const opened = openDeclarations(text, { A: 'c x' }).replace(/\s+/g, ' ');
    expect(opened).toBe('declare class A<T extends { id: string; } & B> { d(): void; } declare class E { c: C; } ');
  });

  it('have unions in place of enums of strings; enums of numbers stay', () => {
    expect(openDeclarations('export declare enum A {\n    B = "b",\n    C = "c"\n}')).toBe(
      [
        'export declare const A: { readonly B: "b"; readonly C: "c" };',
        'export type A = "b" | "c";',
        'export declare namespace A { type B = "b"; type C = "c"; }',
      ].join('\n'),
    );
    expect(openDeclarations('declare enum A {\n    B = 0\n}')).toBe('declare enum A {\n    B = 0\n}');
  });
});

describe('notes', () => {
  const absent: Note = { title: 'Room', names: 'dial', state: 'absent', text: 'No telephony.', needs: 'a gateway' };

  it('are demanded for what is absent or different', () => {
    const surface = addNotes(createVendor([]), [createMember('dial', 'absent'), createMember('ring', 'different')]);
    expect(findNoteProblems(surface)).toEqual([
      'acme: Room.dial is absent and has no note',
      'acme: Room.ring is different and has no note',
    ]);
  });

  it('must be about members of the vendor, and true', () => {
    const surface = addNotes(createVendor([absent]), [createMember('dial', 'assignable')]);
    expect(findNoteProblems(surface)).toEqual(['acme: Room.dial exists; its note says otherwise']);
    expect(findNoteProblems(addNotes(createVendor([absent]), []))).toEqual([
      'acme: a note is about Room.dial, which the vendor does not have',
    ]);
  });

  it('exclude inner workings from the counts', () => {
    const notes: Note[] = [{ title: 'Room', names: 'wires', state: 'internal', text: 'Inside.' }, absent];
    const compared = [
      createMember('wires', 'absent'),
      createMember('dial', 'absent'),
      createMember('join', 'assignable'),
    ];
    const surface = addNotes(createVendor(notes), compared);
    expect(countMembers(surface)).toEqual({ total: 2, present: 1, assignable: 1 });
    expect(findNoteProblems(surface)).toEqual([]);
  });
});
