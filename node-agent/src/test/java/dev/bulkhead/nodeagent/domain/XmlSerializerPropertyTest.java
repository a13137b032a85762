package dev.bulkhead.nodeagent.domain;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class XmlSerializerPropertyTest {

  @Property
  void textIsReadBackAsItWasOrRefused(@ForAll String text) {
    try {
      var xml = XmlSerializer.serialize(Element.of("a", Element.text("b", text)));

      assertThat(LibvirtSchema.text(xml, "/a/b")).isEqualTo(text);
    } catch (UnencodableTextException refused) {
      assertThat(refused).hasMessageContaining("remove it");
    }
  }

  @Property
  void attributesAreReadBackAsTheyWereOrRefused(@ForAll String text) {
    try {
      var xml = XmlSerializer.serialize(Element.of("a").with("b", text));
      assertThat(LibvirtSchema.text(xml, "/a/@b")).isEqualTo(text);
    } catch (UnencodableTextException refused) {
      assertThat(refused).hasMessageContaining("remove it");
    }
  }
}
