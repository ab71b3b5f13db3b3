// What the page sees of one engine in its worker: each call is a promise.
export class EngineClient {
  #worker = new Worker('worker.js');
  #waiting = new Map();
  #next = 0;

  constructor() {
    this.#worker.onmessage = ({data: {id, result, error}}) => {
      const {resolve, reject} = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) {
        resolve(result);
      } else {
        reject(new Error(error));
      }
    };
    this.#worker.onerror = (event) => {
      for (const {reject} of this.#waiting.values()) reject(new Error(event.message));
      this.#waiting.clear();
    };
  }

  call(call, values = {}) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, {resolve, reject});
      this.#worker.postMessage({id, call, values});
    });
  }
}
