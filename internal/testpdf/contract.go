package testpdf

import (
	"fmt"
	"strings"
)

// Contract is a retail installment sale contract on n pages of US Letter: parties, goods, disclosures and terms,
// with a place for two signatures at the foot of the last page.
func Contract(n int) []byte {
	n = max(n, 1)
	ps := make([]Page, n)
	next := 0
	for i := range ps {
		var c strings.Builder
		y := 730.0
		if i == 0 {
			y = contractHead(&c)
		}
		floor := 72.0
		if i == n-1 {
			floor = 190
			contractFoot(&c)
		}
		for {
			t := contractTerms[next%len(contractTerms)]
			lines := wrap(t[1], 468, 9.5)
			if y-20-float64(len(lines))*12.5 < floor {
				break
			}
			y -= 20
			line(&c, "F2", 10, 72, y, fmt.Sprintf("%d.  %s", next+1, t[0]))
			for _, l := range lines {
				y -= 12.5
				line(&c, "F1", 9.5, 72, y, l)
			}
			next++
		}
		line(&c, "F1", 8, 250, 40, fmt.Sprintf("Contract 2026-0417 – page %d of %d", i+1, n))
		ps[i].Content = c.String()
	}
	return build(Classic, ps, "", "")
}

func contractHead(c *strings.Builder) float64 {
	line(c, "F2", 15, 72, 730, "RETAIL INSTALLMENT SALE CONTRACT")
	line(c, "F1", 9.5, 72, 714, "Simple finance charge – contract no. 2026-0417")
	rows := [][2]string{
		{"Buyer", "Marisol Ibarra, 118 Alder Street, Rochester, NY 14607"},
		{"Seller-Creditor", "Lakeshore Motors LLC, 2200 Ridge Road, Rochester, NY 14615"},
		{"Goods", "Used 2023 Northline Tern, VIN 1NTRN23A5PL004417, 18,204 miles"},
		{"Amount financed", "$21,480.00"},
		{"Finance charge", "$4,015.20 (annual percentage rate 6.99 %)"},
		{"Payments", "60 monthly payments of $424.92, beginning January 15, 2027"},
	}
	y := 690.0
	for _, r := range rows {
		fmt.Fprintf(c, "0.6 w 72 %g 468 20 re S 190 %g m 190 %g l S\n", y-6, y-6, y+14)
		line(c, "F2", 9.5, 78, y, r[0])
		line(c, "F1", 9.5, 198, y, r[1])
		y -= 20
	}
	return y - 4
}

func contractFoot(c *strings.Builder) {
	line(
		c, "F1", 9, 72, 170,
		"NOTICE TO BUYER: Do not sign this contract before you read it. You are entitled to a copy of it.",
	)
	for i, who := range []string{"Buyer", "Seller-Creditor"} {
		x := 72 + float64(i)*250
		fmt.Fprintf(c, "0.6 w %g 110 m %g 110 l S\n", x, x+210)
		line(c, "F1", 9, x, 97, who+" signs")
	}
}

var contractTerms = [][2]string{
	{
		"Promise to pay",
		"You promise to pay us the amount financed and finance charges at the rate stated above until the balance is paid in full. We figure the finance charge each day on the unpaid part of the amount financed. Payments are applied first to the finance charge earned and then to the balance.",
	},
	{
		"Security interest",
		"You give us a security interest in the vehicle described above, in all parts and goods put on it, in money or goods received for it, and in insurance, maintenance, service or other contracts we finance for you. This secures payment of all you owe on this contract.",
	},
	{
		"Late payment",
		"If a payment is more than ten days late you pay a charge of five percent of the part that is late. Taking a late payment or a late charge does not excuse the lateness and does not mean that you may keep making payments late.",
	},
	{
		"Prepayment",
		"You may prepay all or part of the unpaid balance at any time without penalty. If you do so you must pay the earned and unpaid part of the finance charge and all other amounts due up to the date of your payment.",
	},
	{
		"Insurance",
		"You agree to have physical damage insurance covering loss of or damage to the vehicle for the term of this contract. The insurance must cover our interest in the vehicle. If you do not have it we may, if we choose, buy insurance that covers your interest and ours or ours alone.",
	},
	{
		"Default",
		"You are in default if you do not pay a payment in full when it is due, give false information on your application, start a proceeding in bankruptcy, or break any agreement in this contract. If you default we may demand that you pay all you owe at once, subject to your right to reinstate.",
	},
	{
		"Repossession and sale",
		"If you default we may take the vehicle from you, if we do so peacefully. We will sell it unless you redeem it, and will send you written notice before selling. Money from the sale, less allowed expenses, is applied to the amount you owe; a surplus is paid to you.",
	},
	{
		"Warranties of the seller",
		"Unless the seller makes a written warranty or enters into a service contract within ninety days of this contract, the seller makes no warranties, express or implied, on the vehicle. This does not affect warranties that the manufacturer of the vehicle may provide.",
	},
	{
		"Electronic records",
		"You and we agree that this contract may be created, signed and kept as an electronic record, that the authoritative copy is the one held in the vault of record, and that every other file or print of it is a copy. You may have a paper copy at no charge on request.",
	},
	{
		"Assignment",
		"We may assign this contract, and control of its authoritative copy, to another. Any holder of this consumer credit contract is subject to all claims and defenses which the debtor could assert against the seller of goods or services obtained with the proceeds hereof.",
	},
	{
		"Governing law",
		"Federal law and the law of the State of New York apply to this contract. If any part of this contract is not valid, all other parts stay valid. We may delay or refrain from enforcing any of our rights without losing them.",
	},
}

// wrap breaks text into lines of at most width points in Helvetica of the given size.
func wrap(text string, width, size float64) (lines []string) {
	cur := ""
	for _, w := range strings.Fields(text) {
		next := strings.TrimSpace(cur + " " + w)
		if cur != "" && textWidth(next, size) > width {
			lines = append(lines, cur)
			next = w
		}
		cur = next
	}
	return append(lines, cur)
}

func textWidth(s string, size float64) float64 {
	sum := 0
	for _, r := range s {
		w := 556
		if i := int(r) - 32; i >= 0 && i < len(helvetica) {
			w = helvetica[i]
		}
		sum += w
	}
	return float64(sum) * size / 1000
}

// helvetica has the advance widths of U+0020 to U+007E.
var helvetica = [...]int{
	278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
	556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
	1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
	667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
	333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
	556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
}
