package tex

import "strings"

// pairs parses a table of names and their symbols.
func pairs(table string) map[string]string {
	words := strings.Fields(table)
	made := make(map[string]string, len(words)/2)
	for i := 0; i+1 < len(words); i += 2 {
		made[words[i]] = words[i+1]
	}
	return made
}

func set(names string) map[string]bool {
	made := make(map[string]bool)
	for name := range strings.FieldsSeq(names) {
		made[name] = true
	}
	return made
}

// identifiers are letters and symbols that behave like letters.
var identifiers = pairs(`
	alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ varkappa ϰ
	lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ
	chi χ psi ψ omega ω digamma ϝ
	Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
	infty ∞ partial ∂ nabla ∇ hbar ℏ hslash ℏ ell ℓ wp ℘ Re ℜ Im ℑ aleph ℵ beth ℶ gimel ℷ imath ı jmath ȷ
	emptyset ∅ varnothing ∅ top ⊤ bot ⊥ angle ∠ measuredangle ∡ triangle △ square □ Box □ blacksquare ■ lozenge ◊
	diamondsuit ♢ heartsuit ♡ clubsuit ♣ spadesuit ♠ flat ♭ natural ♮ sharp ♯ degree ° checkmark ✓ complement ∁ eth ð mho ℧
	% % $ $ # # & & _ _ S § P ¶ copyright © pounds £ dag † ddag ‡ dots … ldots … dotsc … dotso … cdots ⋯ dotsb ⋯ dotsm ⋯ dotsi ⋯ vdots ⋮ ddots ⋱`)

// operators are operators, relations, arrows and marks.
var operators = pairs(`
	pm ± mp ∓ times × div ÷ cdot ⋅ ast ∗ star ⋆ circ ∘ bullet ∙ cap ∩ cup ∪ uplus ⊎ sqcap ⊓ sqcup ⊔ vee ∨ lor ∨ wedge ∧ land ∧
	setminus ∖ smallsetminus ∖ wr ≀ diamond ⋄ oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘ odot ⊙ amalg ⨿ dagger † ddagger ‡ ltimes ⋉ rtimes ⋊
	bigtriangleup △ bigtriangledown ▽ triangleleft ◃ triangleright ▹ neg ¬ lnot ¬ surd √ prime ′ backprime ‵
	leq ≤ le ≤ leqslant ⩽ geq ≥ ge ≥ geqslant ⩾ ll ≪ gg ≫ lll ⋘ ggg ⋙ neq ≠ ne ≠ equiv ≡ sim ∼ simeq ≃ approx ≈ approxeq ≊ cong ≅
	propto ∝ varpropto ∝ asymp ≍ doteq ≐ models ⊨ vdash ⊢ dashv ⊣ vDash ⊨ Vdash ⊩ perp ⟂ mid ∣ nmid ∤ parallel ∥ nparallel ∦ bowtie ⋈
	smile ⌣ frown ⌢ prec ≺ succ ≻ preceq ⪯ succeq ⪰ lesssim ≲ gtrsim ≳ lessgtr ≶ trianglelefteq ⊴ trianglerighteq ⊵ lhd ⊲ rhd ⊳
	subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ nsubseteq ⊈ nsupseteq ⊉ subsetneq ⊊ supsetneq ⊋ sqsubset ⊏ sqsupset ⊐ sqsubseteq ⊑ sqsupseteq ⊒
	in ∈ notin ∉ ni ∋ owns ∋ nless ≮ ngtr ≯ nleq ≰ ngeq ≱ nsim ≁ ncong ≇ forall ∀ exists ∃ nexists ∄ therefore ∴ because ∵
	coloneqq ≔ eqqcolon ≕ triangleq ≜ colon : lt < gt >
	leftarrow ← gets ← rightarrow → to → leftrightarrow ↔ Leftarrow ⇐ Rightarrow ⇒ Leftrightarrow ⇔ uparrow ↑ downarrow ↓ updownarrow ↕
	Uparrow ⇑ Downarrow ⇓ Updownarrow ⇕ longleftarrow ⟵ longrightarrow ⟶ longleftrightarrow ⟷ Longleftarrow ⟸ Longrightarrow ⟹
	Longleftrightarrow ⟺ iff ⟺ implies ⟹ impliedby ⟸ mapsto ↦ longmapsto ⟼ hookleftarrow ↩ hookrightarrow ↪ nearrow ↗ searrow ↘
	swarrow ↙ nwarrow ↖ leftharpoonup ↼ rightharpoonup ⇀ leftharpoondown ↽ rightharpoondown ⇁ rightleftharpoons ⇌ leftrightharpoons ⇋
	nleftarrow ↚ nrightarrow ↛ nLeftarrow ⇍ nRightarrow ⇏ rightsquigarrow ⇝ leadsto ⇝ twoheadrightarrow ↠ rightarrowtail ↣
	upharpoonright ↾ restriction ↾ circlearrowleft ↺ circlearrowright ↻ rightrightarrows ⇉ leftleftarrows ⇇ multimap ⊸`)

// fences are delimiters. They stretch only between \left and \right.
var fences = pairs(`
	{ { } } lbrace { rbrace } lbrack [ rbrack ] langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ lgroup ⟮ rgroup ⟯
	vert | lvert | rvert | Vert ‖ lVert ‖ rVert ‖ | ‖ backslash \ ulcorner ⌜ urcorner ⌝ llcorner ⌞ lrcorner ⌟`)

// sums are operators with scripts below and above in display math.
var sums = pairs(`
	sum ∑ prod ∏ coprod ∐ bigcup ⋃ bigcap ⋂ bigvee ⋁ bigwedge ⋀ bigoplus ⨁ bigotimes ⨂ bigodot ⨀ biguplus ⨄ bigsqcup ⨆`)

var integrals = pairs(`int ∫ iint ∬ iiint ∭ oint ∮ oiint ∯ oiiint ∰`)

// functions are upright names; those in limitFunctions have scripts below in display math.
var (
	functions = set(`
		sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth exp log ln lg arg deg dim hom ker`)
	limitFunctions = map[string]string{
		"lim": "lim", "max": "max", "min": "min", "sup": "sup", "inf": "inf", "det": "det", "gcd": "gcd", "Pr": "Pr",
		"limsup": "lim\u00a0sup", "liminf": "lim\u00a0inf",
	}
)

// spaces are commands with their widths. Negative LaTeX spaces have width 0.
var spaces = map[string]string{
	",": "0.17em", "thinspace": "0.17em", ":": "0.22em", ">": "0.22em", "medspace": "0.22em", ";": "0.28em", "thickspace": "0.28em",
	"!": "0em", "negthinspace": "0em", " ": "0.33em", "enspace": "0.5em", "quad": "1em", "qquad": "2em",
}

// accents are as wide as one letter; over and under stretch to the width of their base.
var (
	accents = pairs(`
		hat ^ check ˇ tilde ~ acute ´ grave ` + "`" + ` dot ˙ ddot ¨ dddot ⃛ breve ˘ bar ¯ vec → mathring ˚`)
	over = pairs(`
		overline ‾ widehat ^ widetilde ~ overrightarrow → overleftarrow ← overleftrightarrow ↔ overbrace ⏞ overbracket ⎴`)
	under = pairs(`
		underline _ underrightarrow → underleftarrow ← underbrace ⏟ underbracket ⎵`)
	arrows = pairs(`
		xrightarrow → xleftarrow ← xleftrightarrow ↔ xRightarrow ⇒ xLeftarrow ⇐ xmapsto ↦ xhookrightarrow ↪`)
)

// fonts are commands for an argument, fontSwitches for the rest of a group.
var (
	fonts = map[string]*font{
		"mathbb": &doubleStruck, "mathds": &doubleStruck, "mathcal": &script, "mathscr": &script, "mathfrak": &fraktur,
		"mathbf": &bold, "boldsymbol": &boldItalic, "bm": &boldItalic, "mathsf": &sans, "mathtt": &monospace,
		"mathrm": &upright, "mathit": &italic, "mathnormal": &italic,
	}
	fontSwitches = pairs(`bf mathbf rm mathrm it mathit sf mathsf tt mathtt cal mathcal`)
)

// texts are commands for words.
var texts = set(`text textrm textnormal textup textit textbf textsf texttt mbox`)

// sizes are commands for delimiters of fixed size.
var sizes = pairs(`
	big 1.2em bigl 1.2em bigr 1.2em bigm 1.2em Big 1.8em Bigl 1.8em Bigr 1.8em Bigm 1.8em
	bigg 2.4em biggl 2.4em biggr 2.4em biggm 2.4em Bigg 3em Biggl 3em Biggr 3em Biggm 3em`)

// switches set the size of the rest of a group.
var switches = map[string]string{
	"displaystyle":      `displaystyle="true" scriptlevel="0"`,
	"textstyle":         `displaystyle="false" scriptlevel="0"`,
	"scriptstyle":       `displaystyle="false" scriptlevel="1"`,
	"scriptscriptstyle": `displaystyle="false" scriptlevel="2"`,
}
