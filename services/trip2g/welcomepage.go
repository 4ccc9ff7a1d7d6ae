package trip2g

// WelcomePage is the page at "/" of a site without notes.
type WelcomePage struct {
	Visitor Visitor
	URL     string // of the site, without a trailing slash
	Node    string // of the serving node
	Replica bool   // the node is a replica
	Owned   bool   // the site has an owner
}

// WelcomePageRenderer returns a welcome page with the design of the current site.
type WelcomePageRenderer func(WelcomePage) []byte
