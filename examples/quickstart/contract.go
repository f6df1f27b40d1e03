package main

import (
	"bytes"

	"codeberg.org/go-pdf/fpdf"
)

// installmentContract makes the PDF to be signed; a host has its own.
func installmentContract() ([]byte, error) {
	p := fpdf.New("P", "pt", "Letter", "")
	p.SetMargins(72, 72, 72)
	p.SetTitle("Retail installment sale contract", true)
	paragraph := func(title, text string) {
		p.SetFont("Times", "B", 11)
		p.MultiCell(0, 16, title, "", "L", false)
		p.SetFont("Times", "", 11)
		p.MultiCell(0, 15, text, "", "J", false)
		p.Ln(8)
	}
	p.AddPage()
	p.SetFont("Times", "B", 18)
	p.MultiCell(0, 26, "Retail Installment Sale Contract", "", "C", false)
	p.Ln(10)
	paragraph("1. Parties", "Seller and creditor: Quickstart Lending Inc. Buyer: Ada Byron.")
	paragraph("2. Goods", "One crawler excavator, model EX-42, serial number 1FTFW1E50NFA00042.")
	paragraph("3. Promise to pay", "Buyer promises to pay 48 monthly installments of $1,250.00, the first on January 1, 2027. Cash price $52,000.00, finance charge $8,000.00, annual percentage rate 7.2 %.")
	paragraph("4. Security interest", "To secure payment, Buyer grants Seller a security interest in the goods, in everything installed in them and in the proceeds of both.")
	paragraph("5. Electronic record", "The parties agree that this contract is made and signed electronically and that its authoritative copy is the one in the vault of record.")
	for _, x := range []float64{0.12, 0.56} {
		p.Line(x*612, 0.855*792, (x+0.32)*612, 0.855*792)
	}
	p.AddPage()
	paragraph("6. Assignment", "Seller may assign this contract. Any holder of this consumer credit contract is subject to all claims and defenses which the debtor could assert against the seller of the goods obtained with its proceeds.")
	paragraph("7. Default", "If an installment is unpaid ten days after it is due, Seller may declare the balance due and take possession of the goods as the law allows.")
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
