package trip2g

// WelcomePage is what a site without notes has at "/".
type WelcomePage struct {
	Visitor Visitor
	URL     string // of the site, without a slash at its end
	Node    string // the name of the node that shows it
	Replica bool   // it is a read replica
	Owned   bool   // the site has an owner
}

// WelcomePageRenderer returns a welcome page in the look of the site that the node serves now.
type WelcomePageRenderer func(WelcomePage) []byte
