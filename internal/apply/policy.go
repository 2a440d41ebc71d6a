package apply

// PolicyState is the sign-in policy as it is.
type PolicyState struct {
	Assurance, GraceDays, RememberDays int
	Managed                            bool
}

// policy comes last, so that whoever is declared an administrator is one before.
func (p *planner) policy() {
	if p.err != nil || p.want.Policy == nil {
		return
	}
	var now PolicyState
	if now, p.err = p.current.Policy(p.ctx); p.err != nil {
		return
	}
	c := Change{Kind: KindPolicy, Key: "sign_in_policy"}
	c.counted("assurance", now.Assurance, p.want.Policy.Assurance)
	c.counted("grace_days", now.GraceDays, p.want.Policy.GraceDays)
	c.counted("remember_days", now.RememberDays, p.want.Policy.RememberDays)
	p.add(c, true, now.Managed)
}

// counted compares; nil leaves it as it is.
func (c *Change) counted(name string, from int, to *int) {
	if to != nil && *to != from {
		c.Fields = append(c.Fields, Field{name, from, *to})
	}
}
