/** What outlives a page: keys and what is bound to them. */
export interface Vault {
  get(name: string): Promise<unknown>;
  put(name: string, value: unknown): Promise<void>;
  /** Removes a value and returns it: of several that ask, one gets it. */
  take(name: string): Promise<unknown>;
  /** Names and values whose names begin with prefix. */
  list(prefix: string): Promise<[string, unknown][]>;
}

/** A vault in this browser's IndexedDB, which keeps keys without showing them. */
export function indexed(): Vault {
  const run = async <T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
    const db = await open();
    try {
      const work = db.transaction("kept", mode);
      const request = act(work.objectStore("kept"));
      await new Promise<void>((done, failed) => {
        work.oncomplete = () => done();
        work.onabort = work.onerror = () => failed(work.error);
      });
      return request.result;
    } finally {
      db.close();
    }
  };
  return {
    get: (name) => run("readonly", (store) => store.get(name)),
    put: async (name, value) => void (await run("readwrite", (store) => store.put(value, name))),
    take: (name) =>
      run("readwrite", (store) => {
        const found = store.get(name);
        store.delete(name);
        return found;
      }),
    list: async (prefix) => {
      const found: [string, unknown][] = [];
      await run("readonly", (store) => {
        const request = store.openCursor(IDBKeyRange.bound(prefix, prefix + "\uffff"));
        request.onsuccess = () => {
          const at = request.result;
          if (at) {
            found.push([at.key as string, at.value]);
            at.continue();
          }
        };
        return request;
      });
      return found;
    },
  };
}

function open(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const request = indexedDB.open("mortise", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("kept");
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}
