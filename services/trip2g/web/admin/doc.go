// Package admin serves the owner's pages, under /_system/.
//
// A page is a static shell: the same bytes for every owner, made when the process starts, served from
// memory by whichever node is asked, to who holds an owner's session there. What it shows, its module
// asks of the API by POST, which goes to the leader from every node. So a page works through each node
// alike, and what a page can do, the API can.
//
// To add a page:
//
//  1. pages/NAME.html is what is inside of <main>, below the heading: forms, and the elements that the
//     module fills. There are no inline scripts, styles or event handlers: the Content-Security-Policy keeps
//     them from running.
//  2. files/NAME.js is its module. It runs when the page is there. It imports "./api.js" to ask the API
//     and "./dom.js" to show what came: elements are made by el() and texts set as text, so that nothing
//     of a vault is ever taken for HTML.
//  3. A line in the list pages, in pages.go, gives it its address, its name and its place in the menu.
//
// A stylesheet files/NAME.css, if there is one, is for that page alone. Other files in the folder files are served beside the modules. Their addresses name the content of all
// of them, so that a module's import of its neighbour is of its own version; console.css has the classes
// that pages share.
package admin
