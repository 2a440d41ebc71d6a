// Package clients drives the assembled program with clients that nobody here wrote:
// certified libraries for Node, Go and browsers, a web server's module, and the
// client of the Model Context Protocol.
//
// One production server over https, one Chromium, and beside them every client as
// its own documentation says it is used: a Node process, an Apache, a page, or Go
// code in this process. Where a person is involved it is Chromium on the real
// pages. The server is at https://localhost and all clients at https://127.0.0.1,
// so that they are different sites, as in the world.
//
// It is a module of its own because of what it depends on. docs/compatibility.md
// says what was run with which version.
package clients
