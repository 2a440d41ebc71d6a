export { createClient } from "./client.js";
export { MortiseError } from "./error.js";
export type { Client, Options, Session, SignIn, User } from "./types.js";
