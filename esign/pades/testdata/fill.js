// Fills in one field of a PDF form by an incremental update, with mutool run: from, to, number of the widget, value.
var doc = new PDFDocument(scriptArgs[0]);
var page = doc.loadPage(0);
var widget = page.getWidgets()[parseInt(scriptArgs[2])];
switch (widget.getFieldType()) {
case "text":
	widget.setTextValue(scriptArgs[3]);
	break;
case "combobox":
	widget.setChoiceValue(scriptArgs[3]);
	break;
default:
	widget.toggle();
}
widget.update();
page.update();
doc.save(scriptArgs[1], "incremental");
