// Package page is every page a person sees, as a pure view: typed structs in,
// HTML out. It holds the templates, the style sheet, the icons, the one small
// script and the words in every language; it knows no requests, no stores and
// no rules. internal/web decides which page is due, fills its struct and calls
// Renderer.Write, which renders the whole page before it sends the first byte.
//
// What it refuses: inline script, inline style and event handlers (SE-40), text
// of users as markup (SE-44), absolute links (everything goes through the base
// path, so the pages work mounted below /auth), and giving a typed secret back
// to the browser. Every page works without JavaScript; the script only adds
// comfort and its buttons do not exist without it.
//
// Adding a page: a struct with a sheet method, a file in templates/page, words
// in locales/*.json, and its states in samples_*.go. The tests fail until all
// four agree.
package page
