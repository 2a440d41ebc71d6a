// Package approval owns what one administrator asks for and another one decides
// (TH-42): resetting somebody's factors, making somebody an administrator, and
// changing the policy about both.
//
// Who may decide is Eligible's to say: another person, administrator for a week,
// who owes the requester nothing. A request is decided once, by one conditional
// write, and lapses after a week.
package approval
