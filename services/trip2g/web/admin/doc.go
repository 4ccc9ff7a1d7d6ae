// Package admin serves the admin pages, under /_system/.
//
// A page is a static shell: the same bytes for every owner, built when the process starts and served
// from memory by any node to an owner who is signed in there. Its module gets the content from the
// API by POST, which every node forwards to the leader. So a page works the same on every node and
// can do nothing that the API cannot.
//
// To add a page:
//
//  1. pages/NAME.html is the content of <main> below the heading: forms, and the elements that the
//     module fills. It has no inline scripts, styles or event handlers, which the
//     Content-Security-Policy blocks.
//  2. files/NAME.js is its module. It imports "./api.js" for requests to the API and "./dom.js" to
//     show results: el() creates elements and sets text as text, so that a vault's content never
//     becomes HTML.
//  3. An entry in the list pages, in pages.go, sets its path, title and place in the menu.
//
// An optional stylesheet files/NAME.css applies to that page only; admin.css has the shared classes.
// URLs of the files contain a hash of all of them, so that a module imports others of its own
// version.
package admin
