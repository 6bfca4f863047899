/** @file The chosen file, kept in the browser's own store so that a reload has it again. */

const DATABASE = "posequeue";
const STORE = "files";
/** Larger ones would take long to write, and room from others. */
const MOST_BYTES = 256 * 1024 * 1024;
/** What a page that was closed left behind is cleared after a day. */
const KEPT_MS = 24 * 3600 * 1000;

/** Files by the id of their session; where the store is full or forbidden, nothing is kept. */
export class FileStore {
  /** @param {IDBFactory | null | undefined} factory */
  constructor(factory) {
    this._factory = factory;
  }

  /**
   * Keeps a file; whether it is kept.
   * @param {string} id
   * @param {Blob} file
   */
  async keep(id, file) {
    if (file.size > MOST_BYTES) return false;
    const kept = await this._run("readwrite", (store) => {
      this._clearOld(store);
      return store.put({ file, at: Date.now() }, id);
    });
    return kept !== null;
  }

  /**
   * @param {string} id
   * @returns {Promise<File | null>}
   */
  async find(id) {
    const found = await this._run("readonly", (store) => store.get(id));
    return found?.file ?? null;
  }

  /** @param {string} id */
  async forget(id) {
    await this._run("readwrite", (store) => store.delete(id));
  }

  /** Forgets the files of jobs that the console made; sessions of upload pages have other ids. */
  async forgetJobs() {
    const jobs = IDBKeyRange.bound("job_", "job_\uffff");
    await this._run("readwrite", (store) => store.delete(jobs));
  }

  /** @param {IDBObjectStore} store */
  _clearOld(store) {
    const cursor = store.openCursor();
    cursor.onsuccess = () => {
      const row = cursor.result;
      if (!row) return;
      if (Date.now() - row.value.at > KEPT_MS) row.delete();
      row.continue();
    };
  }

  /**
   * What a request gives once its transaction is through; null where any of it fails.
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest} ask
   * @returns {Promise<any>}
   */
  async _run(mode, ask) {
    try {
      const database = await this._open();
      return await new Promise((resolve) => {
        const transaction = database.transaction(STORE, mode);
        const request = ask(transaction.objectStore(STORE));
        const end = (/** @type {any} */ result) => {
          database.close();
          resolve(result);
        };
        transaction.oncomplete = () => end(request.result ?? undefined);
        transaction.onabort = transaction.onerror = () => end(null);
      });
    } catch {
      return null;
    }
  }

  /** @returns {Promise<IDBDatabase>} */
  _open() {
    return new Promise((resolve, reject) => {
      if (!this._factory) return reject(new Error("no store here"));
      const request = this._factory.open(DATABASE, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => resolve(request.result);
      request.onerror = request.onblocked = () => reject(request.error);
    });
  }
}
