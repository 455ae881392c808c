/** Styles are imported for their effect; Vite puts them into a file. */
declare module '*.css';
