// The build puts a worker's code into the bundle as a string (Vite's `?worker&inline`).
declare module '*?worker&inline' {
  const InlineWorker: new () => Worker;
  export default InlineWorker;
}
