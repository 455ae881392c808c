/** Two pages: the surface with a page of one's own, and the vendor's UI kit on it. */
export default {
  build: { target: 'es2022', rolldownOptions: { input: ['index.html', 'ui-kit.html'] } },
};
